#include "old_rows.h"

#define B16 "CAST('sixteen octets..' AS BLOB)"
#define B32(last) "CAST('thirty-two octets of a digest.." last "' AS BLOB)"
#define B65 "zeroblob(65)"

/* Alice and dora live here (dora did), bob and eve are on the Fediverse, carol and frank write mail. */
const struct old_rows old_rows[] = {
    {1,  EVER,
     "INSERT INTO domain VALUES (1, 'example.org', 'PEM', x'01'), (2, 'example.net', NULL, NULL);"
     "INSERT INTO person (id, kind, address, user, host, word, name, actor_id, url, inbox,"
     " shared_inbox, followers, gone, fetched_ms) VALUES"
     " (1, 1, NULL, 'alice', 'example.org', NULL, 'Alice', NULL, NULL, NULL, NULL, NULL, 0, 0),"
     " (2, 3, NULL, 'bob', 'social.example', 'bob=social.example', 'Bob',"
     "  'https://social.example/users/bob', 'https://social.example/@bob',"
     "  'https://social.example/users/bob/inbox', 'https://social.example/inbox',"
     "  'https://social.example/users/bob/followers', 0, 900),"
     " (3, 2, 'carol@mail.example', NULL, NULL, NULL, 'Carol', NULL, NULL, NULL, NULL, NULL, 0, 0),"
     " (4, 1, NULL, 'dora', 'example.org', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0),"
     " (5, 3, NULL, 'eve', 'else.example', 'eve=else.example', NULL,"
     "  'https://else.example/eve', NULL, 'https://else.example/eve/inbox', NULL, NULL, 1, 800),"
     " (6, 2, 'frank@mail.example', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0);"
     "INSERT INTO account (id, person_id, domain_id, name, state, display_name, summary, language,"
     " maildir, reply_all, actor_public_pem, actor_key, created_ms, asleep_since_ms) VALUES"
     " (1, 1, 1, 'alice', 0, 'Alice', 'I am here', 'en', '/var/mail/alice', 1, 'PEM', x'02', 70, "
     "0),"
     " (2, 4, 1, 'dora', 2, NULL, NULL, NULL, NULL, 0, 'PEM', x'03', 71, 90);"
     "INSERT INTO credential (account_id, salt, stored_key, server_key, iterations) VALUES"
     " (1, " B16 ", " B32("1") ", " B32("2") ", 4096), (2, " B16 ", " B32("3") ", " B32(
         "4") ", 4096);"
              "INSERT INTO account_key (id, account_id, fingerprint, certificate, added_ms, "
              "expires_ms)"
              " VALUES (1, 1, 'A1', x'0a', 70, 0), (2, 1, 'A2', x'0b', 71, 4000000000000);"
              "INSERT INTO person_key VALUES (1, 2, 'https://social.example/users/bob#main-key', "
              "'PEM', 80),"
              " (2, 5, 'https://else.example/eve#key', 'PEM', 81);"
              "INSERT INTO host (id, name, failing_since_ms, last_success_ms, scheme) VALUES"
              " (1, 'social.example', 0, 500, 2), (2, 'else.example', 400, 0, 0);"               },
    {1,  EVER,
     "INSERT INTO follow (id, follower_id, followed_id, follower_kind, state, activity_id, "
     "since_ms)"
     " VALUES (1, 2, 1, 3, 2, 'https://social.example/f/1', 70), (2, 3, 1, 2, 2, NULL, 71),"
     " (3, 1, 2, 1, 1, NULL, 72), (9, 5, 1, 3, 4, NULL, 73); DELETE FROM follow WHERE id = 9;"
     "INSERT INTO body (id, size, file, bytes) VALUES (1, 5, NULL, x'48656c6c6f'),"
     " (2, 70000, '" OLD_BODY_FILE "', NULL), (3, 5, NULL, x'48656c6c6f'),"
     " (4, 7, NULL, x'50696374757265');"
     "INSERT INTO body_garbage VALUES (1, 'cd0000000000000000000000'), (2, 'cd1');"
     "INSERT INTO message (id, ref, author_id, account_id, visibility, state, version, activity_id,"
     " message_id, url, parent_id, parent_uri, conversation, reference_ids, published_ms, "
     "updated_ms,"
     " release_ms, language, sensitive, wrapped, html, plain, warning, subject, evidence) VALUES"
     " (1, '1aaaaaaaaaaa', 1, 1, 1, 2, 2, NULL, 'one@example.org', NULL, NULL, NULL, 'c1', NULL,"
     "  100, 110, 100, 'en', 1, 0, x'3c703e', x'48', x'57', x'53', 4),"
     " (2, '2aaaaaaaaaaa', 2, NULL, 1, 2, 1, 'https://social.example/n/2', 'two@social.example',"
     "  'https://social.example/@bob/2', 1, 'https://example.org/users/alice/posts/1aaaaaaaaaaa',"
     "  'c1', '<one@example.org>', 120, 0, 0, NULL, 0, 0, NULL, NULL, NULL, NULL, 1),"
     " (3, '3aaaaaaaaaaa', 3, NULL, 5, 2, 1, NULL, 'three@mail.example', NULL, NULL, NULL, NULL,"
     "  NULL, 130, 0, 0, NULL, 0, 0, NULL, NULL, NULL, NULL, 2),"
     " (4, '4aaaaaaaaaaa', 1, 1, 4, 2, 1, NULL, 'four@example.org', NULL, NULL, NULL, NULL, NULL,"
     "  140, 0, 140, NULL, 0, 1, x'aa', x'bb', NULL, NULL, 4),"
     " (5, '5aaaaaaaaaaa', 1, 1, 1, 1, 1, NULL, 'five@example.org', NULL, NULL, NULL, NULL, NULL,"
     "  150, 0, 2000000000, NULL, 0, 0, x'3c', x'48', NULL, NULL, 4),"
     " (6, '6aaaaaaaaaaa', 1, 1, 5, 2, 1, NULL, 'six@example.org', NULL, NULL, NULL, NULL, NULL,"
     "  160, 0, 0, NULL, 0, 0, NULL, NULL, NULL, NULL, 4);"
     "INSERT INTO audience VALUES (1, 4, 2, 1, 1), (2, 6, 3, 2, 0);"
     "INSERT INTO tag VALUES (1, 1, 'tide'), (2, 1, 'sea');"
     "INSERT INTO attachment VALUES (1, 1, 0, 'image/png', 10, 20, 'A boat', 'token', NULL, 4, 7),"
     " (2, 2, 0, 'image/png', 0, 0, NULL, NULL, 'https://social.example/i.png', NULL, 0);"
     "INSERT INTO reaction (id, message_id, kind, person_id, activity_id) VALUES"
     " (1, 1, 1, 2, 'https://social.example/l/1'), (2, 1, 2, 5, NULL);"                          },
    {1,  EVER,
     "INSERT INTO copy (id, account_id, message_id, body_id, form, size, received_ms, sender,"
     " subject, header_message_id) VALUES"
     " (1, 1, 3, 1, 1, 5, 131, NULL, NULL, '<three@mail.example>'),"
     " (2, 1, 2, 2, 3, 70000, 121, 'Bob', 'Tide', '<two@social.example>');"
     "INSERT INTO mailbox (id, account_id, name, uid_validity, uid_next, modseq, expunged_floor,"
     " bytes) VALUES (1, 1, 'INBOX', 70, 9, 12, 3, 70005), (2, 1, 'Posts', 71, 1, 1, 0, 0),"
     " (3, 2, 'INBOX', 70, 1, 1, 0, 0), (4, 1, 'Sent', 72, 1, 1, 0, 0);"
     "INSERT INTO entry (id, account_id, mailbox_id, copy_id, uid, modseq, flags, maildir_due)"
     " VALUES (1, 1, 1, 1, 4, 5, 1, 1), (2, 1, 1, 2, 8, 12, 0, 0);"
     "INSERT INTO expunged VALUES (1, 5, 9), (1, 6, 10);"
     "INSERT INTO inbox VALUES (1, 'https://social.example/inbox'),"
     " (2, 'https://else.example/eve/inbox');"
     /* a post said, one to be edited, a direct message, a mail, and one given up */
     "INSERT INTO delivery (id, subject, subject_id, account_id, target, inbox_id, person_id, host,"
     " wanted, delivered, withdrawn_ms, tries, due_ms, first_ms, last_reply, body_id, mail_from,"
     " rcpt_to) VALUES"
     " (1, 1, 1, 1, 1, 1, NULL, 'social.example', 2, 2, NULL, 0, NULL, 100, NULL, NULL, NULL, "
     "NULL),"
     " (2, 1, 1, 1, 1, 2, NULL, 'else.example', 2, 1, NULL, 3, 900, 100, 'HTTP 503', NULL, NULL,"
     "  NULL),"
     " (3, 1, 4, 1, 2, NULL, 2, 'social.example', 2, 1, 150, 0, 910, 140, NULL, NULL, NULL, NULL),"
     " (4, 1, 6, 1, 3, NULL, 3, 'mail.example', 1, 0, NULL, 0, 920, 160, NULL, 3,"
     "  'alice@example.org', 'carol@mail.example'),"
     " (5, 1, 6, 1, 3, NULL, 6, 'mail.example', 1, 0, NULL, 9, 253402300799000, 160,"
     "  '550 5.1.1 no', 3, 'alice@example.org', 'frank@mail.example'),"
     " (6, 2, 1, 1, 1, 1, 2, 'social.example', 1, 1, NULL, 0, NULL, 100, NULL, NULL, NULL, NULL),"
     " (8, 3, 3, 1, 1, 2, 2, 'social.example', 1, 1, NULL, 0, NULL, 100, NULL, NULL, NULL, NULL);"
     "DELETE FROM delivery WHERE id = 8;"
     "INSERT INTO broadcast (id, message_id, account_id, cursor) VALUES (1, 1, 1, 2), (2, 1, 1, 0);"
     "INSERT INTO seen VALUES (1, " B32("5") ", 0), (2, " B32(
         "6") ", 4000000000000);"
              "INSERT INTO limited VALUES (1, 1, 1, 90), (2, 1, 2, 91);"                         },
    {2,  EVER,
     "UPDATE follow SET refused_ms = 60 WHERE id = 2;"
     "INSERT INTO token VALUES (1, 1, " B32(
         "7") ", " B16 ", 1, 3, 4000000000000),"
              " (2, 2, " B32("8") ", " B16 ", 1, NULL, 0);"
                                  "INSERT INTO asked VALUES (1, 1, " B32("9") ", 95), (2, 2, " B32(
                                      "a") ", 96);"                                              },
    {3,  EVER,
     "UPDATE delivery SET envid = 'e', dsn_return = 1, notify = 2, orcpt = 'rfc822;carol',"
     " require_tls = 1 WHERE id = 4; UPDATE delivery SET tell = 1 WHERE id = 5;"
     "INSERT INTO mail_host VALUES ('mail.example', 90, 2, 930, '421 later'),"
     " ('gone.example', 80, 7, 940, NULL);"
     "UPDATE follow SET reported_ms = 61, soft_ms = 62, soft_count = 3, trouble = 'full',"
     " untold = 1 WHERE id = 2;"                                                                 },
    {4,  EVER,
     "INSERT INTO dkim_key VALUES (1, 1, 's1', 1, 2, 'PUBLIC', x'04', 70),"
     " (2, 1, 's0', 2, 4, 'PUBLIC', NULL, 60);"                                                  },
    {5,  EVER,
     "INSERT INTO sts_policy VALUES (1, 'mail.example', 'p1', 2, 86400, '*.mail.example', 70, "
     "'p2', 80),"
     " (2, 'gone.example', NULL, 0, 0, '', 71, NULL, 0);"
     "INSERT INTO tls_count VALUES (1, 20000, 'mail.example', 1, 0, 'mx', '192.0.2.1', 'p', 5),"
     " (2, 20000, 'mail.example', 1, 3, 'mx', '192.0.2.1', 'p', 1);"                             },
    {6,  EVER,
     "UPDATE follow SET mail_day = 20000, mail_count = 5 WHERE id = 2;"
     "INSERT INTO gathered VALUES (2, 20000, 1), (2, 20000, 5);"                                 },
    {7,  EVER,
     "INSERT INTO evidence (message_id, client, tls, spf, spf_domain, dmarc, policy, author_domain,"
     " spf_aligned, dkim_aligned, signed_by_author_domain, vouched) VALUES"
     " (3, '192.0.2.9', 1, 2, 'mail.example', 2, 1, 'mail.example', 1, 1, 1, 0),"
     " (6, '192.0.2.8', 0, 0, '', 0, 0, 'mail.example', 0, 0, 0, 1);"
     "INSERT INTO evidence_dkim VALUES (3, 0, 2, 'mail.example'), (3, 1, 3, 'else.example');"    },
    {8,  EVER,
     "UPDATE mailbox SET special = 1, subscribed = 0 WHERE id = 4;"
     "UPDATE entry SET keywords = '$Forwarded Work' WHERE id = 1;"
     "UPDATE copy SET envelope = 'E', structure = 'S', parts = 'P' WHERE id = 2;"                },
    {9,  EVER,
     "INSERT INTO delivery (id, subject, subject_id, target, person_id, host, wanted, delivered,"
     " tries, due_ms, first_ms, body_id, mail_from, rcpt_to) VALUES"
     " (7, 5, 20000, 3, 6, 'mail.example', 1, 0, 0, 950, 160, 3, '', 'frank@mail.example');"     },
    {10, EVER, "UPDATE host SET silences = 4, next_ms = 960 WHERE id = 2;"                       },
    {11, EVER, "INSERT INTO delivery_change VALUES (1, 1, 2, 100, 1, 1), (1, 4, 0, 150, 2, 2);"  },
    {12, EVER, "UPDATE body SET key = x'0c' WHERE id = 3;"                                       },
    {13, EVER,
     "INSERT INTO annotation (account_id, mailbox_id, name, value) VALUES"
     " (1, 0, '/private/comment', 'mine'), (1, 1, '/private/comment', 'box');"                   },
    {14, EVER,
     "INSERT INTO tls_heard VALUES (1, 20000, 'example.org', 'mail.example', 5, 1, 'starttls'),"
     " (2, 20001, 'example.org', 'mail.example', 6, 0, '');"                                     },
    {15, EVER,
     "UPDATE account SET self_made = 1, used_ms = 65, ends_ms = 4000000000000, chat = 1 WHERE id = "
     "1;"
     "INSERT INTO invitation VALUES (1, 'friends', " B32(
         "b") ", " B16 ", 1, 5, 70, 0, 0),"
              " (2, 'party', " B32("c") ", " B16 ", 0, 0, 71, 4000000000000, 86400000);"         },
    {16, EVER, "UPDATE credential SET wrapped = 'W' WHERE account_id = 2;"                       },
    {17, EVER,
     "UPDATE account_key SET uses = 2, encrypts_until_ms = 3000, learnt = 2, state = 2, due_ms = "
     "980"
     " WHERE id = 2;"                                                                            },
    {18, EVER,
     "INSERT INTO contact (id, account_id, person_id, domain, evidence, state, origin, notice_id,"
     " words, tries, held, first_ms, last_ms, decided_ms, arrived_ms, expires_ms) VALUES"
     " (1, 1, 3, NULL, 2, 2, 0, 3, NULL, 1, 1, 130, 131, 0, 130, 4000000000000),"
     " (2, 1, NULL, 'else.example', 0, 4, 2, NULL, 'No, thank you', 2, 0, 120, 121, 122, 0, 0),"
     " (3, 1, 6, NULL, 2, 3, 1, NULL, NULL, 0, 0, 110, 111, 112, 0, 0);"
     "INSERT INTO held VALUES (1, 1), (2, 1);"
     "INSERT INTO expecting VALUES (1, 990), (2, 991);"                                          },
    {19, EVER,
     "INSERT INTO own_key VALUES (1, 'bob=social.example@example.org', 'B1', x'0d', 'secret', 70),"
     " (2, 'claim@example.org', 'B2', x'0e', 'secret', 71);"                                     },
    {20, EVER,
     "INSERT INTO pass VALUES (1, 1, 1, " B32("d") ", 70, 4000000000000),"
                                                   " (2, 1, 2, " B32("e") ", 71, 4000000000000);"},
    {21, EVER, "UPDATE contact SET wish = 3, inside = 1, about_id = 1 WHERE id = 1;"             },
    {22, EVER, "UPDATE evidence SET arc = 2, chain = x'0f' WHERE message_id = 3;"                },
    {23, EVER,
     "UPDATE account_key SET seen_ms = 66, told = 1, notice = '6aaaaaaaaaaa' WHERE id = 2;"      },
    {24, EVER,
     "UPDATE contact SET event = 2 WHERE id = 1;"
     "INSERT INTO contact_feed VALUES (1, 2), (2, 0);"                                           },
    {26, EVER,
     "UPDATE contact SET envelope = " B32("f") " WHERE id = 1;"
                                               "UPDATE account SET approves = 1 WHERE id = 1;"   },
    {27, 28,
     "INSERT INTO push VALUES (1, 1, 'https://push.example/1', " B65 ", " B16 ", 2, 1, 70),"
     " (2, 1, 'https://push.example/2', " B65 ", " B16 ", 0, 0, 0);"                             },
    {29, EVER,
     "INSERT INTO push VALUES (1, 1, 'https://push.example/1', " B65 ", 'auth', 2, 1, 70),"
     " (2, 1, 'https://push.example/2', " B65 ", 'auth', 0, 0, 0);"                              },
    {30, EVER,
     "UPDATE account SET encrypt_outgoing = 1 WHERE id = 1;"
     "UPDATE delivery SET cipher = 1 WHERE id = 4;"
     "INSERT INTO peer_key VALUES (1, 1, 'carol@mail.example', 1, 'CERT', 'C1', 0, 1, 70, 71, 72),"
     " (2, 1, 'frank@mail.example', 2, NULL, '', 0, 0, 0, 73, 74);"                              },
    {31, EVER, "UPDATE account SET end_told = 1 WHERE id = 1;"                                   },
    {32, EVER,
     "INSERT INTO portrait VALUES (1, 2, 'image/png', x'89'), (2, 5, 'image/jpeg', x'ff');"      },
    {33, EVER, "INSERT INTO encrypted_only VALUES ('relay.example', 70), ('chat.example', 71);"  },
    {34, EVER,
     "INSERT INTO move VALUES (5, 2, 70, 1, 1, 2), (2, NULL, 71, 0, 0, 0);"
     "INSERT INTO alias VALUES (1, 1, 'https://old.example/alice'),"
     " (2, 1, 'https://older.example/alice');"                                                   },
    {37, EVER, "UPDATE broadcast SET tries = 1, due_ms = 70 WHERE id = 1;"                       },
    {39, EVER,
     "INSERT INTO left_name VALUES (1, 1, 'Gone'), (2, 2, 'Gone/too');"
     "UPDATE account SET uid_validity = 80 WHERE id = 1;"                                        },
    {40, EVER,
     "INSERT INTO reaction (id, message_id, kind, person_id, version, at_ms)"
     " VALUES (3, 2, 2, 1, 3, 170);"
     "INSERT INTO delivery (id, subject, subject_id, account_id, target, inbox_id, person_id, host,"
     " wanted, delivered, tries, due_ms, first_ms) VALUES"
     " (9, 6, 3, 1, 1, 1, 2, 'social.example', 3, 2, 0, 970, 170);"
     "INSERT INTO broadcast (id, message_id, account_id, cursor, reaction_id)"
     " VALUES (3, 2, 1, 0, 3);"                                                                  },
    {41, EVER,
     "INSERT INTO claim (id, name, domain, state, fingerprint, certificate, address, digest,"
     " invitation_id, account_life_ms, made_ms, expires_ms, free_ms) VALUES (1, 'gina', "
     "'example.org', 1, 'C1', x'0a', "
     "'gina@mail.example', " B32("g") ", 1, 86400000, 70, 4000000000000, 4000000000001),"
                                      " (2, 'hans', 'example.org', 2, 'C2', x'', '', " B32(
                                          "h") ", 0, 0, 71, 72, 4000000000000);"                 },
    {42, EVER,
     "INSERT INTO poll VALUES (2, 1, 180, 0), (3, 0, 0, 1);"
     "INSERT INTO poll_choice VALUES (1, 2, 1, 'Tea'), (2, 2, 2, 'Coffee');"
     "INSERT INTO reaction (id, message_id, kind, person_id, version, at_ms)"
     " VALUES (4, 2, 4, 1, 1, 171);"                                                             },
    {43, EVER, "UPDATE message SET quoted_id = 2 WHERE id = 1;"                                  },
    {44, EVER,
     "INSERT INTO claim VALUES (3, 'ines', 'example.org', 3, 'C3', x'0b', "
     "'ines@mail.example', " B32(
         "i") ", 0, 0, 72, 4000000000000, 4000000000001, 'k7q2m9qd4f'),"
              " (4, 'jan', 'example.org', 4, 'C4', x'', '', " B32(
                  "j") ", 0, 0, 73, 4000000000000, 4000000000001, 'k7q2m9qd4g');"                },
};
const int old_rows_count = (int)(sizeof old_rows / sizeof *old_rows);
