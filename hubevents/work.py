"""The one table of jobs: name -> function, and when it also runs by itself (minutes, UTC)."""

from functools import partial

from hubevents.calendars import service as calendars
from hubevents.checkin import attendance
from hubevents.jobs.service import Job, JobTable
from hubevents.mail import delivery
from hubevents.mail.service import DELIVER
from hubevents.notices import reminders
from hubevents.notices.compose import compose

JOBS: JobTable = {
    reminders.REMIND: Job(reminders.remind, every="*/10"),
    calendars.REFRESH: Job(calendars.refresh_calendars, every="*/10"),
    attendance.CHECK_OUT: Job(attendance.check_out, every="*/10"),
    DELIVER: Job(partial(delivery.deliver, compose), every="*"),
}
