/* cmocka's includes in the order it needs, and the few words every test uses. */
#ifndef NESTBOX_TEST_H
#define NESTBOX_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define assert_text(actual, expected) assert_string_equal((actual) ? (actual) : "(null)", expected)

#endif
