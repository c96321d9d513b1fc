"""`{% load dates %}`: times in templates."""

from django import template

from smsadmin.lib import dates

register = template.Library()
register.filter("moment", dates.moment)
register.filter("when", dates.when_tag)
