from PIL import ImageFile

def size(data):
    p = ImageFile.Parser()
    p.feed(data)
