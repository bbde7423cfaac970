# Writes the bytes of INPUT as a C array into the header OUTPUT. Run by pt_embed (cmake/Embed.cmake).

get_filename_component(name "${INPUT}" NAME)
string(MAKE_C_IDENTIFIER "${name}" symbol)
file(READ "${INPUT}" bytes HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
string(REGEX REPLACE "((0x..,)(0x..,)(0x..,)(0x..,)(0x..,)(0x..,)(0x..,)(0x..,))" "\\1\n" bytes "${bytes}")
file(WRITE "${OUTPUT}" "/* Generated from ${name}. */\nstatic const char ${symbol}[] = {\n${bytes}0};\n")
