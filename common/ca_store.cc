#include "common/ca_store.h"

X509_STORE* SystemCaStore() {
  static X509_STORE* store = [] {
    X509_STORE* s = X509_STORE_new();
    if (s != nullptr) X509_STORE_set_default_paths(s);
    return s;
  }();
  return store;
}
