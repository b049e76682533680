"""Views of this audience."""

from flask import Blueprint

blueprint = Blueprint("feeds", __name__)
