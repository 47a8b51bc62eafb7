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

# part(ROOM [SHOWN] files…): a folder of a room that is too large for one. What is in it sees the room's other parts;
# other rooms see the headers of the room's own folder, and those of a part only if it is SHOWN.  Tests that look
# inside use ROOM_inside.
function(part room)
    cmake_parse_arguments(PART "SHOWN" "" "" ${ARGN})
    target_sources(${room} PRIVATE ${PART_UNPARSED_ARGUMENTS})
    if(PART_SHOWN)
        target_include_directories(${room} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
        return()
    endif()
    target_include_directories(${room} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
    if(NOT TARGET ${room}_inside)
        add_library(${room}_inside INTERFACE)
    endif()
    target_include_directories(${room}_inside INTERFACE ${CMAKE_CURRENT_SOURCE_DIR})
endfunction()
