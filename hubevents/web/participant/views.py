"""Views of this audience."""

from flask import Blueprint

blueprint = Blueprint("participant", __name__)
