/* Documents that several tests read. */
#ifndef NESTBOX_TEST_DOCUMENTS_H
#define NESTBOX_TEST_DOCUMENTS_H

#define CONTEXT                                                                                    \
    "\"@context\":[\"https://www.w3.org/ns/activitystreams\",\"https://w3id.org/security/"         \
    "v1\",{\"toot\":\"http://joinmastodon.org/ns#\"}]"
#define BOB "https://m.example/users/bob"
#define KEY                                                                                        \
    "\"publicKey\":{\"id\":\"" BOB "#main-key\",\"owner\":\"" BOB "\",\"publicKeyPem\":\"PEM\"}"
#define MASTODON                                                                                   \
    "{" CONTEXT ",\"id\":\"" BOB "\",\"type\":\"Person\",\"following\":\"" BOB                     \
    "/following\",\"followers\":\"" BOB "/followers\","                                            \
    "\"inbox\":\"" BOB "/inbox\",\"outbox\":\"" BOB                                                \
    "/outbox\",\"preferredUsername\":\"bob\",\"name\":\"Bob\",\"summary\":\"<p>x</p>\","           \
    "\"url\":\"https://m.example/@bob\",\"manuallyApprovesFollowers\":false," KEY                  \
    ",\"tag\":[],\"attachment\":[],"                                                               \
    "\"endpoints\":{\"sharedInbox\":\"https://m.example/inbox\"}}"

#endif
