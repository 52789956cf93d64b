# The import library of node.exe, and how it is bound.
#
# A name imported from NODE.EXE in the usual way ties the addon to that file name: under a renamed executable, or in
# Electron, Windows would look for a second node.exe. So the imports are delayed, and win_delay_load.cc answers the
# search with the running executable.
set(node_def "${CMAKE_CURRENT_BINARY_DIR}/node.def")
set(uv_imports "${CMAKE_CURRENT_SOURCE_DIR}/cmake/uv-imports.txt")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${uv_imports}")
if(NOT node_api_headers)
  message(FATAL_ERROR "iocp-net: a build for Windows needs the package node-api-headers: npm install --save-dev node-api-headers")
endif()

file(STRINGS "${node_api_headers}/../def/node_api.def" node_api_names REGEX "^(napi|node_api)_")
file(STRINGS "${uv_imports}" uv_names REGEX "^uv_")
list(JOIN node_api_names "\n" node_api_names)
list(JOIN uv_names "\n" uv_names)
file(CONFIGURE OUTPUT "${node_def}" @ONLY CONTENT "NAME NODE.EXE\nEXPORTS\n@node_api_names@\n@uv_names@\n")

set(node_library "${CMAKE_CURRENT_BINARY_DIR}/libnode_delayed.a")
find_program(CMAKE_DLLTOOL NAMES x86_64-w64-mingw32-dlltool dlltool REQUIRED)
# The bare file name matters: dlltool names its import descriptor after it (see win_delay_load.cc).
add_custom_command(OUTPUT "${node_library}"
  COMMAND "${CMAKE_DLLTOOL}" --input-def node.def --output-delaylib libnode_delayed.a
  DEPENDS "${node_def}" WORKING_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}" VERBATIM)
add_custom_target(node_imports DEPENDS "${node_library}")

function(iocp_net_import_node target)
  add_dependencies(${target} node_imports)
  target_link_libraries(${target} PRIVATE "${node_library}")
  # The compiler's libraries travel inside; nothing but Node's entry points is exported.
  target_link_options(${target} PRIVATE -static -static-libgcc -static-libstdc++ LINKER:--exclude-all-symbols)
endfunction()
iocp_net_import_node(iocp_net)
