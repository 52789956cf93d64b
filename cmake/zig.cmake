# Cross build with Zig's C++ compiler, which brings the C and C++ libraries of its targets: Linux with musl, and Windows
# on arm64.
# IOCP_NET_ZIG_TOOLS: a folder with cc, c++, ar and ranlib for the target (scripts/lib/targets.cjs writes it)
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES IOCP_NET_SYSTEM IOCP_NET_PROCESSOR IOCP_NET_ZIG_TOOLS)
set(CMAKE_SYSTEM_NAME ${IOCP_NET_SYSTEM})
set(CMAKE_SYSTEM_PROCESSOR ${IOCP_NET_PROCESSOR})
set(CMAKE_C_COMPILER "${IOCP_NET_ZIG_TOOLS}/cc")
set(CMAKE_CXX_COMPILER "${IOCP_NET_ZIG_TOOLS}/c++")
set(CMAKE_AR "${IOCP_NET_ZIG_TOOLS}/ar" CACHE FILEPATH "" FORCE)
set(CMAKE_RANLIB "${IOCP_NET_ZIG_TOOLS}/ranlib" CACHE FILEPATH "" FORCE)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
# zig strips as it links; there is no strip of its own.
set(CMAKE_SHARED_LINKER_FLAGS_INIT -s)
set(CMAKE_MODULE_LINKER_FLAGS_INIT -s)
