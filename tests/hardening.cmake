# Fails when the built program lacks what cmake/options.cmake asks the compiler and linker for:
# cmake -DBINARY=… -DLIBRARY=… -DCET=… -DREADELF=… -P hardening.cmake. Reads the files, not the
# flags. LIBRARY is one of our own that is linked into it.
cmake_minimum_required(VERSION 3.25)

function(read_elf variable file)
  execute_process(COMMAND ${READELF} --wide ${ARGN} ${file}
    OUTPUT_VARIABLE text ERROR_QUIET RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "${READELF} cannot read ${file}")
  endif()
  set(${variable} "${text}" PARENT_SCOPE)
endfunction()

read_elf(header ${BINARY} --file-header)
read_elf(segments ${BINARY} --program-headers)
read_elf(dynamic ${BINARY} --dynamic)
read_elf(symbols ${BINARY} --dyn-syms)
read_elf(notes ${LIBRARY} --notes)

set(faults "")
macro(need text pattern what)
  if(NOT "${${text}}" MATCHES "${pattern}")
    list(APPEND faults "${what}")
  endif()
endmacro()
macro(refuse text pattern what)
  if("${${text}}" MATCHES "${pattern}")
    list(APPEND faults "${what}")
  endif()
endmacro()

need(header "Type:[ ]+DYN" "not position-independent")
need(dynamic "FLAGS_1[^\n]*PIE" "not marked as a position-independent executable")
need(segments "GNU_RELRO" "no RELRO")
need(dynamic "FLAGS_1[^\n]*NOW" "no BIND_NOW, so RELRO leaves the GOT writable")
# GNU ld does not mark programs so; glibc refuses what is marked PIE just the same.
need(dynamic "FLAGS_1[^\n]*(NOOPEN|PIE)" "may be loaded with dlopen()")
need(segments "GNU_STACK[^\n]* RW " "the stack may be executable")
refuse(segments "LOAD[^\n]* RWE " "a segment is both writable and executable")
refuse(dynamic "TEXTREL" "relocations in code")
refuse(dynamic "\\((RPATH|RUNPATH)\\)" "a search path for libraries is built in")
need(symbols "__stack_chk_fail" "no stack protector")
need(symbols "__(memcpy|memmove|memset|read|recv|snprintf|vsnprintf|fprintf|fdelt|strcpy|strncpy)_chk"
  "no fortified calls")
# In the library, since a linked program bears the note only when all of the C library's own objects
# do, which Debian's do not.
if(CET)
  need(notes "IBT, SHSTK" "no indirect branch tracking and shadow stack")
endif()

if(faults)
  list(JOIN faults "\n  " lines)
  message(FATAL_ERROR "${BINARY}:\n  ${lines}")
endif()
message(STATUS "position-independent, RELRO, BIND_NOW, no executable stack, stack protector, fortified")
