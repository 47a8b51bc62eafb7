/*
 * freed — what lies in memory that our code gives back.
 *
 * For a test that is linked with --wrap=free and --wrap=reallocarray; what libraries free is not seen.
 */
#ifndef NESTBOX_TESTS_FREED_H
#define NESTBOX_TESTS_FREED_H

void freed_watch(const char *words); /* borrowed until the next call */
int freed_with_words(void);          /* so many blocks had them since; and watches no more */

#endif
