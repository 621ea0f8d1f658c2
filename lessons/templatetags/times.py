"""`lessons.times` as filters."""

from django import template

from lessons import times

register = template.Library()
register.filter("long_day", times.long_day, expects_localtime=True)
register.filter("clock", times.clock, expects_localtime=True)
register.filter("weekday", times.weekday)
register.filter("iso_day", times.iso_day)
register.filter("duration", times.duration)
register.filter("span", times.span)
register.filter("period", times.period)
