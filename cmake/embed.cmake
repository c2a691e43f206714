# Writes files as constants: cmake -DOUT=… -DNAMESPACE=… -DFOLDER=… -DFILES=a;b -P embed.cmake.
# "page.js" becomes NAMESPACE::page_js, a std::string_view.
cmake_minimum_required(VERSION 3.25)
set(text "// Written by cmake/embed.cmake.\n#pragma once\n\n#include <string_view>\n\nnamespace ${NAMESPACE} {\n")
foreach(name ${FILES})
  string(MAKE_C_IDENTIFIER ${name} constant)
  file(READ ${FOLDER}/${name} hex HEX)
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${hex}")
  string(APPEND text "inline constexpr char ${constant}_bytes[] = {${bytes}};\n"
    "inline constexpr std::string_view ${constant}(${constant}_bytes, sizeof(${constant}_bytes));\n")
endforeach()
file(CONFIGURE OUTPUT ${OUT} CONTENT "${text}}  // namespace ${NAMESPACE}\n" @ONLY)
