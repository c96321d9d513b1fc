"""`{% load moments %}`: points in time, for templates."""

from django import template

from accounts import moments

register = template.Library()
register.filter("moment", moments.moment)
