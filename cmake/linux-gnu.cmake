# Cross build for Linux with glibc on another processor, on Debian: apt-get install g++-aarch64-linux-gnu
# IOCP_NET_PROCESSOR: aarch64 or x86_64
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES IOCP_NET_PROCESSOR)
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${IOCP_NET_PROCESSOR})

set(prefix ${IOCP_NET_PROCESSOR}-linux-gnu)
set(CMAKE_C_COMPILER ${prefix}-gcc)
set(CMAKE_CXX_COMPILER ${prefix}-g++)

set(CMAKE_FIND_ROOT_PATH /usr/${prefix})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE BOTH)
