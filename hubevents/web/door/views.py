"""Views of this audience."""

from flask import Blueprint

blueprint = Blueprint("door", __name__)
