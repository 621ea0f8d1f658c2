from django.dispatch import Signal

enqueued = Signal()  # jobs: list[Job], in the transaction that enqueued them
