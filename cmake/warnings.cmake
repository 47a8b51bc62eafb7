add_compile_options(
    -Wall -Wextra -Wshadow -Wconversion -Wformat=2 -Wundef -Wvla -Wcast-qual -Wwrite-strings
    -Wstrict-prototypes -Wmissing-prototypes -Wnull-dereference)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wlogical-op -Wduplicated-cond)
endif()
