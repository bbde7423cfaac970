from pkg.right import open_it
from pkg.left_own import open_it
