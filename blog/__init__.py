"""Build Talkback, a blog with a live conversation under each post."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from flask_babel import gettext as _
from jinja2.runtime import Macro

from blog.instance import prepare_instance, secret_key
from blog.settings import ROOT, Settings, load
from blog.web.cookies import SESSION_COOKIE, SessionInterface
from blog.web.forms.body_limits import MAX_READER_BODY


def create_app(settings: Settings | None = None) -> Flask:
    """Create the Flask app. Raises: WrongSetting."""
    settings = settings or load()
    prepare_instance(settings)
    app = Flask(
        "blog",
        root_path=str(ROOT),
        static_folder=None,  # see blog/web/static_files.py
        template_folder=str(ROOT / "templates"),
        instance_path=str(settings.blog_instance),
    )
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=secret_key(settings),
        MAX_CONTENT_LENGTH=min(MAX_READER_BODY, settings.max_body),  # for the desk see web/forms/body_limits.py
        MAX_FORM_MEMORY_SIZE=MAX_READER_BODY,
        TRUSTED_HOSTS=list(settings.trusted_hosts) or None,
        SESSION_COOKIE_NAME=SESSION_COOKIE,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(days=30),
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session; comment forms have COMMENT_TOKEN_SECONDS
        WTF_CSRF_SSL_STRICT=False,  # Flask-WTF would refuse browsers that send no Referer
        COMMENT_TOKEN_SECONDS=settings.token_seconds,
    )
    app.session_interface = SessionInterface()
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    _init_extensions(app)
    _register_blueprints(app)
    _register_macros(app)
    return app


def _init_extensions(app: Flask) -> None:
    from blog import db, logs
    from blog.comments.thread import avatars
    from blog.discovery import ai_choice
    from blog.html import set_quotes
    from blog.mail import rendering as mail
    from blog.media import image_sources, site_icon
    from blog.site.models import current_site
    from blog.web import error_pages, htmx, i18n, method_override, security_headers, static_files
    from blog.web.csrf import csrf
    from blog.web.forms import body_limits, typed_text

    logs.init()
    logs.log_requests(app)
    db.init(app)
    i18n.init(app, language=lambda: current_site().language, zone=lambda: current_site().timezone)
    app.jinja_env.globals.update(current_site=current_site, now=db.now)
    app.jinja_env.filters["smart_quotes"] = lambda text: set_quotes(text, current_site().language)
    mail.init(app, title=lambda: current_site().title)
    static_files.init(app)
    avatars.init(app)
    image_sources.init(app)
    site_icon.init(app)
    ai_choice.init(app)
    htmx.init(app)
    body_limits.init(app)
    csrf.init_app(app)
    security_headers.init(app)
    method_override.init(app)
    error_pages.init(app)
    typed_text.init(app)


def _register_blueprints(app: Flask) -> None:
    from blog import cli
    from blog.comments import desk as comments_desk
    from blog.comments import routes as comments
    from blog.comments.followers import routes as followers
    from blog.comments.moderation import email_routes
    from blog.comments.posting import author_routes
    from blog.comments.privacy import desk as privacy_desk
    from blog.comments.privacy import routes as privacy
    from blog.comments.reactions import routes as reactions
    from blog.comments.screening import desk as screening_desk
    from blog.comments.thread import routes as thread
    from blog.discovery import routes as discovery
    from blog.editors import access, accounts_desk, audit_desk
    from blog.editors import desk as editors
    from blog.editors.sign_in import desk as sign_in_desk
    from blog.feeds import routes as feeds
    from blog.importing import desk as importing_desk
    from blog.media import desk as icon_desk
    from blog.media import icon_routes
    from blog.media import routes as media
    from blog.ops import jobs_desk, mail_desk, overview_desk
    from blog.posts import desk as posts_desk
    from blog.posts import routes as posts
    from blog.posts.addresses import routes as blogger_routes
    from blog.posts.archive import routes as archive
    from blog.site import desk as site_desk
    from blog.web import rate_limits

    desk_views = [editors, sign_in_desk, accounts_desk, audit_desk, site_desk, mail_desk, jobs_desk, importing_desk]
    desk_views += [overview_desk, comments_desk, screening_desk, privacy_desk, posts_desk, icon_desk]
    public_views = [comments, author_routes, thread, reactions, followers, email_routes, privacy, media, posts, feeds]
    public_views += [icon_routes, archive, blogger_routes, discovery]
    for views in [*desk_views, *public_views]:
        app.register_blueprint(views.blueprint)
    cli.init(app)
    rate_limits.init(app)
    access.init(app, desk_menu)


def _register_macros(app: Flask) -> None:
    """Make the macros of macros.html global.

    Importing them in a template costs time for each item of a list.
    """
    macros = vars(app.jinja_env.get_template("macros.html").module)
    app.jinja_env.globals.update({name: macro for name, macro in macros.items() if isinstance(macro, Macro)})


def desk_menu() -> list[tuple[str, str]]:
    """Return the desk pages that the editor may open."""
    from blog.editors.access import may

    entries = [
        ("overview_desk.show", "/desk/", _("Overview")),
        ("posts_desk.index", "/desk/posts", _("Posts")),
        ("posts_desk.index", "/desk/pages", _("Pages")),
        ("comments_desk.index", "/desk/comments", _("Responses")),
        ("posts_desk.index_labels", "/desk/labels", _("Labels")),
        ("site_desk.edit", "/desk/settings", _("Settings")),
        ("mail_desk.show", "/desk/mail", _("Mail")),
        ("jobs_desk.index", "/desk/jobs", _("Jobs")),
        ("importing_desk.index", "/desk/imports", _("Import")),
        ("accounts_desk.index", "/desk/editors", _("Editors")),
    ]
    return [(address, label) for endpoint, address, label in entries if may(endpoint)]
