# Writes the header OUTPUT with a hash over the FILES' names and contents. Run by pt_identity (cmake/Identity.cmake).

set(all "")
foreach(file IN LISTS FILES)
    get_filename_component(name "${file}" NAME)
    file(SHA256 "${file}" hash)
    string(APPEND all "${name} ${hash}\n")
endforeach()
string(SHA256 all "${all}")
string(SUBSTRING "${all}" 0 16 all)
file(WRITE "${OUTPUT}" "/* Generated. */\n#define PARSELTONGUE_IDENTITY \"${all}\"\n")
