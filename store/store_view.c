/*
 * Views: connections for reading.  As many as there are errands reading at once; a few rest for the next.
 * The snapshot is taken at once and not with the first question, so that what store_look() saw last is what
 * every function of the view sees.
 */
#include "store_private.h"

#include "memory.h"

static struct store_view *take_idle(struct store *store)
{
    pthread_mutex_lock(&store->lock);
    struct store_view *view = store->idle;
    if (view) {
        store->idle = view->link;
        store->idle_count--;
    }
    pthread_mutex_unlock(&store->lock);
    return view;
}

static void close_view(struct store_view *view)
{
    sql_close(view->sql);
    free(view);
}

static struct store_view *new_view(struct store *store, struct err *err)
{
    scoped(sql) sql = sql_open(store->path, READER_CACHE_KIB, err);
    if (!sql || !sql_script(sql, "PRAGMA query_only = ON", err))
        return NULL;
    struct store_view *view = must_new(struct store_view);
    view->store = store;
    view->sql = steal(&sql);
    view->sql->vault = store->vault;
    return view;
}

struct store_view *store_look(struct store *store, struct err *err)
{
    int64_t tables = 0;
    struct store_view *view = take_idle(store);

    if (!view)
        view = new_view(store, err);
    if (!view)
        return NULL;
    if (sql_run(view->sql, "BEGIN", NULL, err) &&
        sql_number(view->sql, "SELECT 1 FROM sqlite_schema", NULL, &tables, err) != FAILED)
        return view;
    close_view(view);
    return NULL;
}

void store_view_free(struct store_view *view)
{
    struct err err;

    if (!view)
        return;
    struct store *store = view->store;
    bool usable = sql_run(view->sql, "COMMIT", NULL, &err);
    pthread_mutex_lock(&store->lock);
    bool keep = usable && store->idle_count < IDLE_VIEWS;
    if (keep) {
        view->link = store->idle;
        store->idle = view;
        store->idle_count++;
    }
    pthread_mutex_unlock(&store->lock);
    if (!keep)
        close_view(view);
}

void store_views_close(struct store *store)
{
    struct store_view *view;

    while ((view = take_idle(store)))
        close_view(view);
}

struct store_view *store_tx_view(struct store_tx *tx)
{
    return &tx->view;
}
