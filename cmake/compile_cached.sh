#!/bin/sh
# Compiles through ccache: compile_cached.sh BASEDIR CCACHE COMPILER ARGUMENTS…
# BASEDIR and the settings let every clone and build folder share what is compiled, precompiled headers included.
#
# An old precompiled header is removed before a new one is made. ccache preprocesses first, and the preprocessor would take
# the old one for the headers that it was made of: the cache would then answer with what some other state of them gave.
export CCACHE_BASEDIR="$1" CCACHE_NOHASHDIR=1
export CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
shift
previous=
for argument; do
  case "$previous $argument" in
    "-o "*.gch | "-o "*.pch) rm -f "$argument" ;;
  esac
  previous=$argument
done
exec "$@"
