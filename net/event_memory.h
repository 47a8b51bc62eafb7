/*
 * event_memory — where libevent's small pieces lie.
 *
 * It keeps one of about 40 bytes for each descriptor it ever saw.  Made while a crowd is here, each would lie among the
 * buffers of connections and hold a page of memory back when they go: 5 MiB after 1,500 connections.  So pieces of up to
 * 64 bytes come from a place of their own.
 * Threads: any.
 */
#ifndef NESTBOX_NET_EVENT_MEMORY_H
#define NESTBOX_NET_EVENT_MEMORY_H

void event_memory_use(void); /* before anything else of libevent; again does nothing */

#endif
