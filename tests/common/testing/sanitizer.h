#pragma once

// How much slower everything is under a sanitizer: times allow for it, and long random tests are so
// much shorter.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int kSlower = 20;
#else
constexpr int kSlower = 1;
#endif
