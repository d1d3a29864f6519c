# Debian packages, by `cpack -G DEB` (script/package): fp4lab-client, -controller, -worker, -trainer. Programs lie together in
# /usr/lib/fp4lab, because they look for one another beside themselves; /usr/bin has links.
include(GNUInstallDirs)
set(FP4_PROGRAM_FOLDER lib/fp4lab)
set(FP4_TORCH_PLACE "$ORIGIN/torch/lib")  # a link that fp4-setup-torch makes: LibTorch comes in no package

set(package_folder ${CMAKE_BINARY_DIR}/packages)
file(MAKE_DIRECTORY ${package_folder}/bin)

# fp4_install_program(COMPONENT TARGET …): into the folder of programs, with a link in /usr/bin.
function(fp4_install_program component)
  foreach(target ${ARGN})
    if(TARGET ${target})
      set_target_properties(${target} PROPERTIES INSTALL_RPATH "")
      install(TARGETS ${target} RUNTIME DESTINATION ${FP4_PROGRAM_FOLDER} COMPONENT ${component})
      file(CREATE_LINK ../${FP4_PROGRAM_FOLDER}/${target} ${package_folder}/bin/${target} SYMBOLIC)
      install(FILES ${package_folder}/bin/${target} DESTINATION bin COMPONENT ${component})
    endif()
  endforeach()
endfunction()

# A unit as a package has it: without the words on how to install it by hand, and with the packages' places.
function(fp4_install_unit component unit)
  file(READ ${CMAKE_SOURCE_DIR}/deploy/systemd/${unit} text)
  string(REGEX REPLACE "^(#[^\n]*\n)+" "" text "${text}")
  string(REPLACE /usr/local/lib/fp4lab/ /usr/lib/fp4lab/ text "${text}")
  string(REPLACE /usr/local/bin/ /usr/lib/fp4lab/ text "${text}")
  file(CONFIGURE OUTPUT ${package_folder}/${unit} CONTENT "${text}" @ONLY)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/deploy/systemd/${unit})
  install(FILES ${package_folder}/${unit} DESTINATION lib/systemd/system COMPONENT ${component})
endfunction()

# What every package has: its copyright file, and what has changed.
function(fp4_install_papers component)
  set(folder ${CMAKE_INSTALL_DATADIR}/doc/fp4lab-${component})
  install(FILES ${package_folder}/copyright DESTINATION ${folder} COMPONENT ${component})
  install(FILES ${package_folder}/changelog.gz DESTINATION ${folder} COMPONENT ${component})
endfunction()

find_program(GZIP gzip)
configure_file(${CMAKE_SOURCE_DIR}/deploy/packages/changelog.in ${package_folder}/changelog @ONLY)
execute_process(COMMAND ${GZIP} -9nc ${package_folder}/changelog OUTPUT_FILE ${package_folder}/changelog.gz COMMAND_ERROR_IS_FATAL ANY)
file(READ ${CMAKE_SOURCE_DIR}/deploy/packages/copyright copyright)
foreach(library libjs-chart.js libjs-dygraphs)  # scripts of other people that the pages carry inside
  if(EXISTS /usr/share/doc/${library}/copyright)
    file(READ /usr/share/doc/${library}/copyright notice)
    string(APPEND copyright "\n\n-- ${library}, inside the programs --\n\n${notice}")
  endif()
endforeach()
file(WRITE ${package_folder}/copyright "${copyright}")

set(components)
if(FP4_SERVICES)
  list(APPEND components client controller worker)
  fp4_install_program(client fp4ctl fp4-quantize)
  install(FILES ${package_folder}/fp4ctl.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT client)
  set(completions ${package_folder}/completions)
  install(FILES ${completions}/bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME fp4ctl COMPONENT client)
  install(FILES ${completions}/zsh DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions RENAME _fp4ctl COMPONENT client)
  install(FILES ${completions}/fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d RENAME fp4ctl.fish COMPONENT client)
  install(DIRECTORY ${CMAKE_SOURCE_DIR}/examples DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/fp4lab-client COMPONENT client)
  add_custom_target(fp4_package_files ALL
    COMMAND ${CMAKE_COMMAND} -E make_directory ${completions}
    COMMAND fp4ctl completion bash > ${completions}/bash
    COMMAND fp4ctl completion zsh > ${completions}/zsh
    COMMAND fp4ctl completion fish > ${completions}/fish
    COMMAND ${GZIP} -9nc ${FP4_MANUAL} > ${package_folder}/fp4ctl.1.gz
    DEPENDS fp4_manual_page VERBATIM)

  fp4_install_program(controller fp4-controller)
  fp4_install_unit(controller fp4-controller.service)
  install(DIRECTORY ${CMAKE_SOURCE_DIR}/deploy/prometheus ${CMAKE_SOURCE_DIR}/deploy/grafana
    DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/fp4lab-controller/examples COMPONENT controller)

  fp4_install_program(worker fp4-worker)
  fp4_install_unit(worker fp4-worker.service)
endif()
if(FP4_TRAINER)
  list(APPEND components trainer)
  fp4_install_program(trainer fp4-train)
  foreach(target fp4-train-torch fp4_cuda)
    if(TARGET ${target})
      set_target_properties(${target} PROPERTIES INSTALL_RPATH ${FP4_TORCH_PLACE})
      install(TARGETS ${target} RUNTIME DESTINATION ${FP4_PROGRAM_FOLDER} COMPONENT trainer
        LIBRARY DESTINATION ${FP4_PROGRAM_FOLDER} COMPONENT trainer)
    endif()
  endforeach()
  foreach(name FP4_TORCH_VERSION FP4_TORCH_CPU_WHEELS)
    file(STRINGS ${CMAKE_SOURCE_DIR}/script/environment.sh line REGEX "^${name}=")
    string(REGEX REPLACE "^${name}=\"?([^\"]*)\"?$" "\\1" ${name} "${line}")
  endforeach()
  configure_file(${CMAKE_SOURCE_DIR}/deploy/packages/fp4-setup-torch.in ${package_folder}/fp4-setup-torch @ONLY)
  install(PROGRAMS ${package_folder}/fp4-setup-torch DESTINATION sbin COMPONENT trainer)
endif()
foreach(component ${components})
  fp4_install_papers(${component})
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_COMPONENTS_ALL ${components})
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_NAME fp4lab)
set(CPACK_PACKAGE_CONTACT "The makers of fp4lab <fp4lab@example.org>")
set(CPACK_PACKAGE_VENDOR fp4lab)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_COMPONENT_CLIENT_DESCRIPTION "client of fp4lab, the experiment service for training in 4 bits
fp4ctl checks and submits documents, watches runs, and compares what came of
them; fp4-quantize applies number formats to files. Needs no LibTorch.")
set(CPACK_COMPONENT_CONTROLLER_DESCRIPTION "controller of fp4lab, the experiment service for training in 4 bits
Keeps documents, runs, metrics and checkpoints, gives runs to workers, and
serves clients, a page and metrics. One for a lab.")
set(CPACK_COMPONENT_WORKER_DESCRIPTION "worker of fp4lab, the experiment service for training in 4 bits
Starts trainers on the GPUs or cores of a machine for a controller. One for
each machine; needs fp4lab-trainer there.")
set(CPACK_COMPONENT_TRAINER_DESCRIPTION "trainer of fp4lab, the experiment service for training in 4 bits
fp4-train trains one document, alone or for a worker. LibTorch is not inside:
fp4-setup-torch brings it, or is told where it is.")
set(CPACK_DEBIAN_CONTROLLER_PACKAGE_SUGGESTS "fp4lab-worker, prometheus")
set(CPACK_DEBIAN_WORKER_PACKAGE_DEPENDS "adduser, fp4lab-trainer (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_TRAINER_PACKAGE_RECOMMENDS "python3-venv")
# LibTorch belongs to no package, which makes dpkg-shlibdeps give up: script/package asks it without LibTorch.
set(CPACK_DEBIAN_TRAINER_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_TRAINER_PACKAGE_DEPENDS "${FP4_TRAINER_DEPENDS}")
foreach(component controller worker trainer)
  string(TOUPPER ${component} upper)
  file(GLOB scripts ${CMAKE_SOURCE_DIR}/deploy/packages/${component}/*)
  set(CPACK_DEBIAN_${upper}_PACKAGE_CONTROL_EXTRA ${scripts})
endforeach()
include(CPack)
