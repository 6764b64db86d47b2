/* An empty native method with the arguments of Native.recordOperation. */
#include <jni.h>

JNIEXPORT jint JNICALL Java_org_openlts_RecordBenchmark_empty(JNIEnv *env, jclass type,
                                                              jlong license, jint operationType,
                                                              jint count) {
  (void)env;
  (void)type;
  (void)license;
  (void)operationType;
  (void)count;
  return 0;
}
