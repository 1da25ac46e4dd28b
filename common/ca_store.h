#pragma once
#include "openssl/ssl.h"

// The system's certificate authorities, for all clients of the program: a store each would cost 1 MB
// and 50 ms. They are found by their hash when they are needed. nullptr without memory; never freed.
X509_STORE* SystemCaStore();
