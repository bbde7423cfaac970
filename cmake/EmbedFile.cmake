# Writes the bytes of INPUT as a C array into the header OUTPUT. Run by pt_embed (cmake/Embed.cmake).

get_filename_component(name "${INPUT}" NAME)
string(MAKE_C_IDENTIFIER "${name}" symbol)
file(READ "${INPUT}" bytes HEX)
# One line for each line of the source (0a ends it). Character literals and not numbers: 0xc3 does not fit a signed char.
string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${bytes}")
string(REPLACE "'\\x0a'," "'\\x0a',\n" bytes "${bytes}")
file(WRITE "${OUTPUT}" "/* Generated from ${name}. */\nstatic const char ${symbol}[] = {\n${bytes}'\\0'};\n")
