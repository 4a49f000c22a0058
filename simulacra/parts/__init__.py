"""What several rooms share: encoding, trees, boosting, surrogates."""
