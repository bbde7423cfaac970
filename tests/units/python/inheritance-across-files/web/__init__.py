from .base import View
