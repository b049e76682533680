"""The blueprint that public pages share."""

from flask import Blueprint

blueprint = Blueprint("public", __name__)
