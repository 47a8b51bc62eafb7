/*
 * zone — DNS as a text, for the deciders of smtp that ask it.
 *
 *     "example.org TXT v=spf1 -all\n"   a record: A, AAAA, CNAME, MX ("10 host"), TXT, PTR, SRV, TLSA,
 *                                     CAA ("0 issue ca.example")
 *     "example.org FAIL\n"              every question about it fails
 *
 * What is not in it does not exist.
 */
#ifndef NESTBOX_TESTS_SMTP_ZONE_H
#define NESTBOX_TESTS_SMTP_ZONE_H

#include "dns_facts.h"

/* Answers all open questions; gives how many there were. */
size_t zone_answer(const char *zone, struct dns_facts *facts);

#endif
