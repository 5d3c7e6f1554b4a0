# How folders become libraries. A folder is a room: every .c below it is compiled, every .sql
# becomes a header of statements, every .json, and every .yaml of a room's folder formats, a header
# with its text, every .proto becomes protobuf-c code. Sources are globbed with
# CONFIGURE_DEPENDS, so adding a file to a room needs no edit here.
find_program(PROTOC_C protoc-c REQUIRED)
find_package(Python3 REQUIRED COMPONENTS Interpreter)

# muster_library(NAME DIR folder [EXCLUDE file...] LIBS target...)
function(muster_library name)
    cmake_parse_arguments(arg "" "DIR" "EXCLUDE;LIBS" ${ARGN})
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS RELATIVE "${CMAKE_SOURCE_DIR}"
         "${CMAKE_SOURCE_DIR}/${arg_DIR}/*.c")
    foreach(file IN LISTS arg_EXCLUDE)
        list(REMOVE_ITEM sources "${arg_DIR}/${file}")
    endforeach()
    file(GLOB_RECURSE statements CONFIGURE_DEPENDS RELATIVE "${CMAKE_SOURCE_DIR}"
         "${CMAKE_SOURCE_DIR}/${arg_DIR}/*.sql")
    set(migrations ${statements})
    list(FILTER statements EXCLUDE REGEX "/migrations/")
    list(FILTER migrations INCLUDE REGEX "/migrations/")
    file(GLOB messages CONFIGURE_DEPENDS RELATIVE "${CMAKE_SOURCE_DIR}"
         "${CMAKE_SOURCE_DIR}/${arg_DIR}/*.proto")

    set(generated)
    foreach(file IN LISTS statements)
        set(out "${CMAKE_BINARY_DIR}/generated/${file}.h")
        add_custom_command(OUTPUT "${out}" VERBATIM
            COMMAND "${Python3_EXECUTABLE}" "${CMAKE_SOURCE_DIR}/cmake/sql_to_header.py"
                    "${CMAKE_SOURCE_DIR}/${file}" "${out}"
            DEPENDS "${file}" "${CMAKE_SOURCE_DIR}/cmake/sql_to_header.py")
        list(APPEND generated "${out}")
    endforeach()
    file(GLOB_RECURSE texts CONFIGURE_DEPENDS RELATIVE "${CMAKE_SOURCE_DIR}"
         "${CMAKE_SOURCE_DIR}/${arg_DIR}/*.json")
    file(GLOB formats CONFIGURE_DEPENDS RELATIVE "${CMAKE_SOURCE_DIR}"
         "${CMAKE_SOURCE_DIR}/${arg_DIR}/*/formats/*.yaml")
    list(APPEND texts ${formats})
    foreach(file IN LISTS texts)
        set(out "${CMAKE_BINARY_DIR}/generated/${file}.h")
        add_custom_command(OUTPUT "${out}" VERBATIM
            COMMAND "${Python3_EXECUTABLE}" "${CMAKE_SOURCE_DIR}/cmake/sql_to_header.py" --text
                    "${CMAKE_SOURCE_DIR}/${file}" "${out}"
            DEPENDS "${file}" "${CMAKE_SOURCE_DIR}/cmake/sql_to_header.py")
        list(APPEND generated "${out}")
    endforeach()
    if(migrations)
        set(out "${CMAKE_BINARY_DIR}/generated/${arg_DIR}/db/migrations.h")
        list(TRANSFORM migrations PREPEND "${CMAKE_SOURCE_DIR}/" OUTPUT_VARIABLE paths)
        add_custom_command(OUTPUT "${out}" VERBATIM
            COMMAND "${Python3_EXECUTABLE}" "${CMAKE_SOURCE_DIR}/cmake/sql_to_header.py"
                    --migrations ${paths} "${out}"
            DEPENDS ${migrations} "${CMAKE_SOURCE_DIR}/cmake/sql_to_header.py")
        list(APPEND generated "${out}")
    endif()
    foreach(file IN LISTS messages)
        get_filename_component(stem "${file}" NAME_WE)
        set(out "${CMAKE_BINARY_DIR}/generated/${arg_DIR}/${stem}.pb-c")
        add_custom_command(OUTPUT "${out}.c" "${out}.h" VERBATIM
            COMMAND "${CMAKE_COMMAND}" -E make_directory "${CMAKE_BINARY_DIR}/generated/${arg_DIR}"
            COMMAND "${PROTOC_C}" "--c_out=${CMAKE_BINARY_DIR}/generated/${arg_DIR}"
                    "--proto_path=${CMAKE_SOURCE_DIR}/${arg_DIR}" "${CMAKE_SOURCE_DIR}/${file}"
            DEPENDS "${file}")
        list(APPEND sources "${out}.c")
        list(APPEND generated "${out}.h")
        set_source_files_properties("${out}.c" PROPERTIES COMPILE_OPTIONS "-w")
    endforeach()
    if(NOT sources)
        # A storey without a source yet is headers only; everything that links it still can.
        add_library(${name} INTERFACE)
        target_link_libraries(${name} INTERFACE ${arg_LIBS})
        return()
    endif()
    add_library(${name} STATIC ${sources} ${generated})
    target_link_libraries(${name} PUBLIC ${arg_LIBS})
endfunction()

# muster_program(NAME main.c library): a program is its main and one library.
function(muster_program name main library)
    if(NOT EXISTS "${CMAKE_SOURCE_DIR}/${main}")
        return()
    endif()
    add_executable(${name} ${main})
    target_link_libraries(${name} PRIVATE ${library})
    install(TARGETS ${name} RUNTIME DESTINATION bin)
endfunction()
