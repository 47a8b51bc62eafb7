# room(NAME SOURCES … USES … LIBRARIES … [HEADERS folder])
#
# A room is a static library whose include path holds its own folder and those of the rooms it names in
# USES, nothing else: a forbidden #include does not compile.  What a room uses is linked, but its include
# path is not handed on.  LIBRARIES are the foreign ones, hidden behind this room's wall.
function(room name)
    cmake_parse_arguments(ROOM "" "HEADERS" "SOURCES;USES;LIBRARIES" ${ARGN})
    if(NOT ROOM_HEADERS)
        set(ROOM_HEADERS ${CMAKE_CURRENT_SOURCE_DIR})
    endif()
    add_library(${name} STATIC ${ROOM_SOURCES})
    target_include_directories(${name} PUBLIC ${ROOM_HEADERS})
    target_link_libraries(${name} PRIVATE ${ROOM_USES} ${ROOM_LIBRARIES} Threads::Threads)
endfunction()
