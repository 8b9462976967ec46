"""Results of the reference: read, judged anew, recorded as imported."""
