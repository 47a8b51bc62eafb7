/*
 * THREAD (RFC 5256): who answers whom, by references or by subjects alone.
 *
 * A node is a mail, or an id that is only spoken of (a dummy).  Only parents are kept; children are found at the end, by one
 * sort.  Nothing here walks a chain by recursion, for a chain may be as long as the mailbox is large.
 */
#include "memory.h"
#include "sort.h"

enum { NONE = -1, WALK_MAX = 1000 };

struct node {
    const char *id;
    int parent;
    const struct sorted_mail *mail; /* NULL: a dummy */
    int children;
    int64_t date_ms;                  /* of a dummy: of its first child */
    const struct sorted_mail *speaks; /* whose subject is that of the thread */
};
struct nodes {
    struct node *at;
    size_t count, capacity;
};

static int add_node(struct nodes *nodes, const char *id, const struct sorted_mail *mail)
{
    must_make_room(nodes->at, nodes->count, nodes->capacity);
    nodes->at[nodes->count] = (struct node){.id = id, .parent = NONE, .mail = mail};
    return (int)nodes->count++;
}

/* ---- ids ---- */

static int compare_ids(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A node for each id that is spoken of, in order of the ids. */
static void add_ids(struct nodes *nodes, const struct sorted_mail *mails, size_t count)
{
    char **ids = NULL;
    size_t id_count = 0, capacity = 0;

    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < mails[i].reference_count; k++) {
            must_make_room(ids, id_count, capacity);
            ids[id_count++] = mails[i].references[k];
        }
        if (mails[i].id) {
            must_make_room(ids, id_count, capacity);
            ids[id_count++] = mails[i].id;
        }
    }
    if (id_count > 0)
        qsort(ids, id_count, sizeof ids[0], compare_ids);
    for (size_t i = 0; i < id_count; i++)
        if (i == 0 || strcmp(ids[i], ids[i - 1]) != 0)
            add_node(nodes, ids[i], NULL);
    free(ids);
}

static int compare_id(const void *key, const void *node)
{
    return strcmp(key, ((const struct node *)node)->id);
}

static int node_of(const struct nodes *nodes, size_t id_count, const char *id)
{
    const struct node *found =
        id_count ? bsearch(id, nodes->at, id_count, sizeof nodes->at[0], compare_id) : NULL;

    return found ? (int)(found - nodes->at) : NONE;
}

/* ---- who answers whom ---- */

/* Whether `child` stands above `parent`; so long a walk is taken for a loop. */
static bool would_loop(const struct nodes *nodes, int child, int parent)
{
    for (int steps = 0; parent != NONE; parent = nodes->at[parent].parent)
        if (parent == child || ++steps > WALK_MAX)
            return true;
    return false;
}

static void link_mail(struct nodes *nodes, size_t id_count, const struct sorted_mail *mail)
{
    int self = mail->id ? node_of(nodes, id_count, mail->id) : NONE;
    int before = NONE;

    if (self == NONE || nodes->at[self].mail)
        self = add_node(nodes, "", mail); /* none, or one that another mail has */
    nodes->at[self].mail = mail;
    for (size_t i = 0; i < mail->reference_count; i++) {
        int next = node_of(nodes, id_count, mail->references[i]);
        if (before != NONE && nodes->at[next].parent == NONE && !would_loop(nodes, next, before))
            nodes->at[next].parent = before;
        before = next;
    }
    nodes->at[self].parent = NONE;
    if (before != NONE && !would_loop(nodes, self, before))
        nodes->at[self].parent = before;
}

/* Dummies below another node step aside: what hangs on them hangs on what they hang on. */
static void shorten(struct nodes *nodes)
{
    for (size_t i = 0; i < nodes->count; i++) {
        int *parent = &nodes->at[i].parent;
        while (*parent != NONE && !nodes->at[*parent].mail && nodes->at[*parent].parent != NONE) {
            struct node *above = &nodes->at[nodes->at[*parent].parent];
            if (!above->mail && above->parent != NONE)
                nodes->at[*parent].parent = above->parent; /* the next walk is half as long */
            *parent = nodes->at[*parent].parent;
        }
    }
}

static bool is_shown(const struct nodes *nodes, size_t i)
{
    const struct node *node = &nodes->at[i];

    return node->mail || (node->parent == NONE && node->children > 1);
}

/* Counts children, and what a dummy at the top knows from its first one. */
static void look_at_children(struct nodes *nodes)
{
    for (size_t i = 0; i < nodes->count; i++) {
        nodes->at[i].children = 0;
        nodes->at[i].speaks = nodes->at[i].mail;
        nodes->at[i].date_ms = nodes->at[i].mail ? nodes->at[i].mail->date_ms : INT64_MAX;
    }
    for (size_t i = 0; i < nodes->count; i++) {
        const struct sorted_mail *mail = nodes->at[i].mail;
        if (!mail || nodes->at[i].parent == NONE)
            continue;
        struct node *parent = &nodes->at[nodes->at[i].parent];
        parent->children++;
        if (!parent->mail && (!parent->speaks || mail->date_ms < parent->date_ms)) {
            parent->speaks = mail;
            parent->date_ms = mail->date_ms;
        }
    }
}

/* A dummy with one child has no use. */
static void prune(struct nodes *nodes)
{
    shorten(nodes);
    look_at_children(nodes);
    for (size_t i = 0; i < nodes->count; i++) {
        int parent = nodes->at[i].parent;
        if (parent != NONE && !nodes->at[parent].mail && nodes->at[parent].children < 2)
            nodes->at[i].parent = NONE;
    }
}

/* ---- threads of one subject ---- */

static int compare_roots(const void *left, const void *right, void *ctx)
{
    const struct node *at = ((const struct nodes *)ctx)->at;
    int a = *(const int *)left, b = *(const int *)right;
    int by = strcmp(at[a].speaks->subject, at[b].speaks->subject);

    if (by != 0)
        return by;
    /* The one to which the others go comes first: a dummy, then one that is no answer (RFC 5256, step 5 B). */
    if (!at[a].mail != !at[b].mail)
        return at[a].mail ? 1 : -1;
    if (at[a].speaks->answer != at[b].speaks->answer)
        return at[a].speaks->answer ? 1 : -1;
    return at[a].date_ms != at[b].date_ms ? (at[a].date_ms > at[b].date_ms ? 1 : -1) : a - b;
}

/* `other` joins the thread of `first`; says which now stands for the subject. */
static int join(struct nodes *nodes, int first, int other)
{
    if (!nodes->at[first].mail || (nodes->at[other].mail && nodes->at[other].mail->answer &&
                                   !nodes->at[first].mail->answer)) {
        nodes->at[other].parent = first;
        return first;
    }
    int above = add_node(nodes, "", NULL);
    nodes->at[above].speaks = nodes->at[first].speaks;
    nodes->at[first].parent = nodes->at[other].parent = above;
    return above;
}

static void join_subjects(struct nodes *nodes)
{
    int *roots = NULL;
    size_t count = 0, capacity = 0;

    for (size_t i = 0; i < nodes->count; i++) {
        if (nodes->at[i].parent != NONE || !is_shown(nodes, i))
            continue;
        must_make_room(roots, count, capacity);
        roots[count++] = (int)i;
    }
    if (count > 0)
        qsort_r(roots, count, sizeof roots[0], compare_roots, nodes);
    int first = count ? roots[0] : NONE;
    for (size_t i = 1; i < count; i++) {
        const char *subject = nodes->at[roots[i]].speaks->subject;
        bool same = subject[0] && strcmp(nodes->at[first].speaks->subject, subject) == 0;
        first = same ? join(nodes, first, roots[i]) : roots[i];
    }
    free(roots);
}

/* ---- telling ---- */

static void say(struct threads *out, uint32_t word)
{
    must_make_room(out->at, out->count, out->capacity);
    out->at[out->count++] = word;
}

static int compare_siblings(const void *left, const void *right, void *ctx)
{
    const struct node *at = ((const struct nodes *)ctx)->at;
    int a = *(const int *)left, b = *(const int *)right;

    if (at[a].parent != at[b].parent)
        return at[a].parent - at[b].parent;
    if (at[a].date_ms != at[b].date_ms)
        return at[a].date_ms > at[b].date_ms ? 1 : -1;
    return at[a].speaks->uid > at[b].speaks->uid ? 1 : -1;
}

struct todo { /* what is still to be told, the next last */
    int *at;
    size_t count, capacity;
};
enum { CLOSE = -1, IN_BRACKETS = 1 };

static void push(struct todo *todo, int what)
{
    must_make_room(todo->at, todo->count, todo->capacity);
    todo->at[todo->count++] = what;
}

/* Nodes are pushed doubled, plus one if a bracket opens before them. */
static void push_children(struct todo *todo, const int *children, int count)
{
    if (count == 1)
        push(todo, 2 * children[0]);
    for (int i = count; count > 1 && i > 0; i--)
        push(todo, 2 * children[i - 1] + IN_BRACKETS);
}

static void tell_all(const struct nodes *nodes, struct threads *out)
{
    int *shown = must_alloc_array(nodes->count + 1, sizeof shown[0]);
    size_t *first = must_alloc_array(nodes->count + 1, sizeof first[0]);
    struct nodes sorted = *nodes;
    struct todo todo = {0};
    size_t count = 0, roots = 0;

    for (size_t i = 0; i < nodes->count; i++)
        if (is_shown(nodes, i))
            shown[count++] = (int)i;
    if (count > 0)
        qsort_r(shown, count, sizeof shown[0], compare_siblings, &sorted);
    for (size_t i = count; i > 0; i--) {
        int parent = nodes->at[shown[i - 1]].parent;
        if (parent == NONE)
            roots++;
        else
            first[parent] = i - 1;
    }
    for (size_t i = roots; i > 0; i--) /* NONE sorts before every parent */
        push(&todo, 2 * shown[i - 1] + IN_BRACKETS);
    while (todo.count > 0) {
        int next = todo.at[--todo.count];
        if (next == CLOSE) {
            say(out, THREAD_CLOSES);
            continue;
        }
        const struct node *node = &nodes->at[next / 2];
        if (next % 2 == IN_BRACKETS) {
            say(out, THREAD_OPENS);
            push(&todo, CLOSE);
        }
        if (node->mail)
            say(out, node->mail->uid);
        push_children(&todo, &shown[node->children ? first[next / 2] : 0], node->children);
    }
    free(shown);
    free(first);
    free(todo.at);
}

/* Those of one subject hang on the first of them (RFC 5256, ORDEREDSUBJECT). */
static void hang_on_first(struct nodes *nodes, struct sorted_mail *mails, size_t count)
{
    static const struct search_order by_subject = {
        SHAPE_SORTED, 2, {{SORT_SUBJECT, false}, {SORT_DATE, false}}
    };
    int first = NONE;

    sort_mails(mails, count, &by_subject);
    for (size_t i = 0; i < count; i++) {
        int self = add_node(nodes, "", &mails[i]);
        if (i > 0 && strcmp(mails[i].subject, mails[i - 1].subject) == 0)
            nodes->at[self].parent = first;
        else
            first = self;
    }
}

void thread_mails(struct sorted_mail *mails, size_t count, enum search_shape shape,
                  struct threads *out)
{
    struct nodes nodes = {0};

    if (shape == SHAPE_SUBJECTS) {
        hang_on_first(&nodes, mails, count);
    } else {
        add_ids(&nodes, mails, count);
        size_t id_count = nodes.count;
        for (size_t i = 0; i < count; i++)
            link_mail(&nodes, id_count, &mails[i]);
        prune(&nodes);
        look_at_children(&nodes);
        join_subjects(&nodes);
        shorten(&nodes);
    }
    look_at_children(&nodes);
    tell_all(&nodes, out);
    free(nodes.at);
}
