import web
from web import View


class Home(web.View):
    def get(self):
        return self.render()


class Admin(Home):
    def post(self):
        self.get()
        super().render()


class View(View):
    pass


def main():
    View().dispatch()
