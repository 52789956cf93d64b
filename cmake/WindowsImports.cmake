# What the addon takes from Node on Windows: the names for addon/binding/win_node_imports.cc, which binds them to the
# running executable. There is no import library.
set(uv_imports "${CMAKE_CURRENT_SOURCE_DIR}/cmake/uv-imports.txt")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${uv_imports}")
if(NOT node_api_headers)
  message(FATAL_ERROR "iocp-net: a build for Windows needs the package node-api-headers: npm install --save-dev node-api-headers")
endif()

file(STRINGS "${node_api_headers}/../def/node_api.def" node_api_names REGEX "^(napi|node_api)_")
file(STRINGS "${uv_imports}" uv_names REGEX "^uv_")
list(TRANSFORM node_api_names REPLACE "^(.+)$" "IOCP_NET_IMPORT(\\1)")
list(TRANSFORM uv_names REPLACE "^(.+)$" "IOCP_NET_IMPORT(\\1)")
list(JOIN node_api_names "\n" node_api_names)
list(JOIN uv_names "\n" uv_names)
file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/generated/node_imports.inc" @ONLY
  CONTENT "@node_api_names@\n@uv_names@\n")

# The pointers are referred to by the code generator alone, which link-time optimisation does not see.
set_source_files_properties("${CMAKE_CURRENT_SOURCE_DIR}/addon/binding/win_node_imports.cc" PROPERTIES
  COMPILE_OPTIONS $<IF:$<CXX_COMPILER_ID:MSVC>,/GL-,-fno-lto>)

function(iocp_net_import_node target)
  target_sources(${target} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}/addon/binding/win_node_imports.cc")
  target_include_directories(${target} PRIVATE "${CMAKE_CURRENT_BINARY_DIR}/generated")
  # libuv's functions are called through pointers as well.
  target_compile_definitions(${target} PRIVATE USING_UV_SHARED=1)
  # The compiler's libraries travel inside; nothing but Node's entry points is exported.
  iocp_net_link_statically(${target})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_link_options(${target} PRIVATE -static-libgcc -static-libstdc++ LINKER:--exclude-all-symbols)
  endif()
endfunction()
iocp_net_import_node(iocp_net)
