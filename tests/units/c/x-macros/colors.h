COLOR(red)
COLOR(green)
