# What every target of ours is compiled with: warnings as errors everywhere, and the hardening of
# the OpenSSF guide where the compiler knows the flag. Third-party headers are SYSTEM and silent.
include(CheckCXXCompilerFlag)
include(CheckLinkerFlag)

add_library(bearergate_options INTERFACE)
target_compile_options(bearergate_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wformat=2 -Wconversion -Wsign-conversion
  -Wimplicit-fallthrough -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Where GCC 14 optimises, it takes empty optionals and variants for uninitialised ones, and tests'
  # own operator delete for another allocator's; GoogleTest's assertions end in an else of their own.
  target_compile_options(bearergate_options INTERFACE
    -Wno-uninitialized -Wno-maybe-uninitialized -Wno-mismatched-new-delete -Wno-dangling-else)
endif()

function(bearergate_flag flag)
  string(MAKE_C_IDENTIFIER "has${flag}" known)
  check_cxx_compiler_flag("-Werror ${flag}" ${known})
  if(${known})
    target_compile_options(bearergate_options INTERFACE ${flag})
  endif()
endfunction()

function(bearergate_link_flag flag)
  string(MAKE_C_IDENTIFIER "links${flag}" known)
  check_linker_flag(CXX "${flag}" ${known})
  if(${known})
    target_link_options(bearergate_options INTERFACE ${flag})
  endif()
endfunction()

set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include(CheckPIESupported)
check_pie_supported(LANGUAGES CXX)

if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  add_link_options(-fuse-ld=lld-19)
endif()

if(CMAKE_BUILD_TYPE MATCHES "^Rel")
  foreach(flag -fstack-protector-strong -fstack-clash-protection -fcf-protection=full
               -ftrivial-auto-var-init=zero -fno-delete-null-pointer-checks -fno-strict-overflow
               -fstrict-flex-arrays=3)
    bearergate_flag(${flag})
  endforeach()
  target_compile_options(bearergate_options INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
  target_compile_definitions(bearergate_options INTERFACE _GLIBCXX_ASSERTIONS)
  foreach(flag -Wl,-z,noexecstack -Wl,-z,relro -Wl,-z,now -Wl,-z,nodlopen -Wl,--as-needed)
    bearergate_link_flag(${flag})
  endforeach()
endif()

# Asio keeps two blocks of each kind per thread for reuse; our coroutines and handlers are a few
# levels deep, and with this many a warm request allocates nothing.
target_compile_definitions(bearergate_options INTERFACE
  BOOST_ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE=16 BOOST_ASIO_NO_DEPRECATED)

option(BEARERGATE_COVERAGE "Count which lines of core and http run; for scripts/coverage" OFF)

# The program is optimised across its files: 4 % less CPU a warm request, and half its size. Objects
# hold machine code beside what that needs, so that tests are linked from the same ones at once.
# With Clang only: what g++ makes of such objects was not measured.
option(BEARERGATE_LTO "Optimise the program across its files in release builds, with Clang" ON)
set(bearergate_lto "")
set(bearergate_lto_link "")
if(BEARERGATE_LTO AND CMAKE_BUILD_TYPE MATCHES "^Rel" AND CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  check_cxx_compiler_flag("-Werror;-flto=thin;-ffat-lto-objects" has_fat_lto_objects)
  if(has_fat_lto_objects)
    set(bearergate_lto -flto=thin -ffat-lto-objects)
    # Clang 19 does not tell its linker.
    set(bearergate_lto_link ${bearergate_lto} -Wl,--fat-lto-objects)
  endif()
endif()

# Which code a release runs often, and which hardly ever, in cmake/bearergate.profdata: 4 % less CPU
# a warm request. scripts/profile counts it. It says nothing of functions that take other branches
# since then, which are compiled as without it.
set(BEARERGATE_PROFILE use CACHE STRING "Profile of release builds with Clang: use, make or none")
set_property(CACHE BEARERGATE_PROFILE PROPERTY STRINGS use make none)
set(bearergate_profile "")
set(bearergate_profile_link "")
set(bearergate_profile_file "")
if(NOT BEARERGATE_PROFILE MATCHES "^(use|make|none)$")
  message(FATAL_ERROR "BEARERGATE_PROFILE is ${BEARERGATE_PROFILE}; it can be use, make or none")
endif()
# Older ones cannot read what 19 writes.
if(CMAKE_BUILD_TYPE MATCHES "^Rel" AND CMAKE_CXX_COMPILER_ID MATCHES "Clang"
   AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 19)
  # A file's own functions are named by it, wherever the sources lie.
  set(bearergate_profile_names "SHELL:-mllvm -static-func-full-module-prefix=false")
  if(BEARERGATE_PROFILE STREQUAL "use")
    set(bearergate_profile_file ${PROJECT_SOURCE_DIR}/cmake/bearergate.profdata)
    # Seen from where compilers are run, so that ccache takes two checkouts for the same.
    file(RELATIVE_PATH bearergate_profile_path ${CMAKE_BINARY_DIR} ${bearergate_profile_file})
    set(bearergate_profile -fprofile-use=${bearergate_profile_path} ${bearergate_profile_names}
        -Wno-profile-instr-unprofiled -Wno-profile-instr-out-of-date -Wno-backend-plugin)
  elseif(BEARERGATE_PROFILE STREQUAL "make")
    # Counters that are the file itself, since the program ends without a chance to write them; values
    # (what is called by pointer) cannot be kept that way.
    set(bearergate_profile -fprofile-generate ${bearergate_profile_names}
        "SHELL:-mllvm -runtime-counter-relocation" "SHELL:-mllvm -disable-vp")
    set(bearergate_profile_link -fprofile-generate)
  endif()
endif()

# bearergate_layer(NAME SOURCES... ): the static library of one layer. The headers of the libraries
# that a layer builds on come from its own CMakeLists.txt.
function(bearergate_layer name)
  add_library(bearergate_${name} STATIC ${ARGN})
  target_include_directories(bearergate_${name} PUBLIC ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(bearergate_${name} PRIVATE bearergate_options)
  target_compile_options(bearergate_${name} PRIVATE ${bearergate_lto} ${bearergate_profile})
  target_link_options(bearergate_${name} PUBLIC ${bearergate_profile_link})
  set_source_files_properties(${ARGN} PROPERTIES OBJECT_DEPENDS "${bearergate_profile_file}")
  if(BEARERGATE_COVERAGE AND name MATCHES "^(core|http)$")
    target_compile_options(bearergate_${name} PRIVATE -fprofile-instr-generate -fcoverage-mapping)
    target_link_options(bearergate_${name} PUBLIC -fprofile-instr-generate)
  endif()
endfunction()
