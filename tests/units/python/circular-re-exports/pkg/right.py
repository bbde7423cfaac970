from pkg.left import open_it
from pkg.right_own import open_it
