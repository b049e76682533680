"""The blueprint that staff pages share."""

from flask import Blueprint

blueprint = Blueprint("organiser", __name__, url_prefix="/organise")
