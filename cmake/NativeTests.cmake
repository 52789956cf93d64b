# test/native: plain C++ against iocp_net_port, no Node in it; the same tests for every backend.
# doctest is one header (apt-get install doctest-dev). Its own folder is searched, not /usr/include, which would bring
# the host's headers into a cross build.
find_path(IOCP_NET_DOCTEST_INCLUDE doctest.h
  PATHS /usr/include /usr/local/include PATH_SUFFIXES doctest NO_CMAKE_FIND_ROOT_PATH)
if(NOT IOCP_NET_DOCTEST_INCLUDE)
  message(FATAL_ERROR "iocp-net: the native tests need doctest: apt-get install doctest-dev")
endif()

file(GLOB native_tests CONFIGURE_DEPENDS test/native/*.cc)
add_executable(port_test ${native_tests} test/sim/pattern.cc)
target_include_directories(port_test PRIVATE test/native test/sim)
target_include_directories(port_test SYSTEM PRIVATE "${IOCP_NET_DOCTEST_INCLUDE}")
target_link_libraries(port_test PRIVATE iocp_net_port)
iocp_net_compile_options(port_test)
if(WIN32)
  iocp_net_link_statically(port_test)
endif()
iocp_net_output(port_test native-tests)
add_test(NAME port_test COMMAND port_test)
set_tests_properties(port_test PROPERTIES TIMEOUT 300)
