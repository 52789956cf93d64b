# examples/the-path: Winsock and a completion port step by step. It knows nothing of the port, and no other system.
if(WIN32)
  file(GLOB path_sources CONFIGURE_DEPENDS examples/the-path/*.cc)
  add_executable(the_path ${path_sources})
  iocp_net_compile_options(the_path)
  target_link_libraries(the_path PRIVATE ws2_32)
  target_link_options(the_path PRIVATE -static)
  set_target_properties(the_path PROPERTIES
    OUTPUT_NAME the-path RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/programs")
endif()
