# Run at every build: writes OUTPUT from INPUT with the revision of SOURCE_DIR, and touches it only when that has changed.
execute_process(COMMAND git -C ${SOURCE_DIR} rev-parse --short=12 HEAD
  OUTPUT_VARIABLE FP4_GIT_REVISION OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed)
  set(FP4_GIT_REVISION unknown)
else()
  execute_process(COMMAND git -C ${SOURCE_DIR} diff --quiet HEAD -- RESULT_VARIABLE changed ERROR_QUIET)
  if(changed)
    string(APPEND FP4_GIT_REVISION "+changes")
  endif()
endif()
configure_file(${INPUT} ${OUTPUT} @ONLY)
