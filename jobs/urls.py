from django.urls import path

from . import api

urlpatterns = [
    path("api/jobs/<str:token>/", api.JobView.as_view(), name="job"),
    path("api/jobs/<str:token>/cancel/", api.CancelView.as_view(), name="job-cancel"),
    path("api/jobs/<str:token>/retry/", api.RetryView.as_view(), name="job-retry"),
    path("api/batches/<str:token>/", api.BatchView.as_view(), name="batch"),
    path("api/batches/<str:token>/cancel/", api.BatchCancelView.as_view(), name="batch-cancel"),
    path("api/health/", api.HealthView.as_view(), name="health"),
    path("api/async/health", api.HealthView.as_view(), name="async-health"),
    path("metrics", api.MetricsView.as_view(), name="metrics"),
]
